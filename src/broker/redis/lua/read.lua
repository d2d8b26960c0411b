-- Retained messages after an offset, oldest first.
-- KEYS[1] meta  KEYS[2] inbox
-- ARGV[1] epoch  [2] offset  [3] limit  [4] retention messages  [5] retention ms  [6] meta seconds  [7] candidate epoch
-- [8] term or ''
-- out: {epoch, tip, through, lost, now, kept of the epoch given or -1, messages may be lost 0|1, per message: offset, h,
-- p, a}; those past their own time are among them
-- include clock
-- include inbox-core
local now = nowMs()
local epoch, tip, was = inboxState(KEYS[1], KEYS[2], ARGV[7], ARGV[6], ARGV[8])
local after, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local kept, lossy = continuation(ARGV[1], epoch, tip, was)
if ARGV[1] ~= epoch then after = math.max(0, math.min(after, kept)) end
local oldest = now - tonumber(ARGV[5])
local nextOffset = math.max(after + 1, tip - tonumber(ARGV[4]) + 1)
local out = { epoch, tip, 0, 0, text(now), kept, lossy and 1 or 0 }
local found, first, through = 0, nil, tip
while true do
  local page = redis.call('XRANGE', KEYS[2], text(nextOffset), '+', 'COUNT', limit)
  for _, entry in ipairs(page) do
    local offset = tonumber(string.match(entry[1], '^%d+'))
    nextOffset = offset + 1
    if found == limit then break end
    -- Ascending offsets have ascending times: only the first ones can be past retention.
    if first or tonumber(entry[2][6]) > oldest then
      first = first or offset
      found = found + 1
      through = offset
      local at = #out
      out[at + 1], out[at + 2], out[at + 3], out[at + 4] = offset, entry[2][2], entry[2][4], entry[2][6]
    end
  end
  if found == limit then break end
  if #page < limit then
    through = tip
    break
  end
end
out[3] = through
out[4] = math.max(0, (first or tip + 1) - 1 - after)
return out

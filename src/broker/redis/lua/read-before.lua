-- Retained messages before an offset, newest first, without those past their own time.
-- KEYS[1] meta  KEYS[2] inbox
-- ARGV[1] epoch or '' (from the newest back)  [2] offset  [3] limit  [4] retention messages  [5] retention ms
-- out: {epoch or '', tip, through, lost (0), now, 0, 0, per message: offset, h, p, a}
-- include clock
-- include inbox-core
local now = nowMs()
local state = redis.call('HMGET', KEYS[1], 'epoch', 'offset', 'was')
local epoch, tip = state[1] or '', tonumber(state[2] or '0')
local last = tip
if ARGV[1] ~= '' then last = math.min(tip, (continuation(ARGV[1], epoch, tip, state[3] or '')), tonumber(ARGV[2]) - 1) end
local out = { epoch, tip, math.max(last, 0), 0, text(now), 0, 0 }
local limit, found = tonumber(ARGV[3]), 0
local lowest, oldest = math.max(1, tip - tonumber(ARGV[4]) + 1), now - tonumber(ARGV[5])
while last >= lowest and found < limit do
  local page = redis.call('XREVRANGE', KEYS[2], text(last), text(lowest), 'COUNT', limit)
  if #page == 0 then break end
  for _, entry in ipairs(page) do
    local offset = tonumber(string.match(entry[1], '^%d+'))
    if tonumber(entry[2][6]) <= oldest then return out end
    local expiresAt = tonumber(string.match(entry[2][2], ',(%d+)%]$'))
    if found < limit and not (expiresAt and expiresAt <= now) then
      found = found + 1
      local at = #out
      out[at + 1], out[at + 2], out[at + 3], out[at + 4] = offset, entry[2][2], entry[2][4], entry[2][6]
    end
    last = offset - 1
  end
end
return out

-- Makes a replica a holder and tells where one subscription stands, per identifier.
-- KEYS[1] generation  KEYS[2] dead  KEYS[3…] per request: meta, inbox, holders, resume (not durable: meta again)
-- ARGV[1] replica  [2] generation that it knows or ''  [3] meta seconds  [4] term or ''  [5] candidate epoch
-- [6] resume seconds  [7] channel prefix of presence  [8…] per request: identifier, subscriptions, durable 0|1, owner,
-- after's epoch or '', after's offset
-- out: {generation, per request: {epoch, tip, from, redelivered through, resumed 0|1, messages may be lost 0|1}}
-- include clock
-- include inbox-core
-- include holder-core
-- include record-core
local now = nowMs()
local metaSeconds, candidate, resumeSeconds = ARGV[3], ARGV[5], tonumber(ARGV[6])
local self, generation = holderName(KEYS[1], KEYS[2], ARGV[1], ARGV[2], metaSeconds, now)
local out = { generation }

-- How many of the newest messages were pushed at this time or later.
local function pushedSince(inbox, at)
  local count, last = 0, '+'
  while true do
    local page = redis.call('XREVRANGE', inbox, last, '-', 'COUNT', 100)
    for _, entry in ipairs(page) do
      if tonumber(entry[2][6]) < at then return count end
      count = count + 1
      last = '(' .. entry[1]
    end
    if #page < 100 then return count end
  end
end

local argAt = 8
for i = 3, #KEYS, 4 do
  local meta, inbox, holders, resume = KEYS[i], KEYS[i + 1], KEYS[i + 2], KEYS[i + 3]
  local identifier, subscriptions, durable, owner = ARGV[argAt], ARGV[argAt + 1], ARGV[argAt + 2] == '1', ARGV[argAt + 3]
  local afterEpoch, afterOffset = ARGV[argAt + 4], tonumber(ARGV[argAt + 5])
  argAt = argAt + 6
  local epoch, tip, was = inboxState(meta, inbox, candidate, metaSeconds, ARGV[4])
  hold(meta, holders, KEYS[2], self, ARGV[1], subscriptions, metaSeconds, ARGV[7] .. identifier)

  local from, redelivered, resumed, changed = tip, 0, 0, 0
  local record = durable and parseRecord(redis.call('GET', resume)) or nil
  if record then
    local again = record.owner == owner
    if not again then resumed = 1 end
    -- In an epoch that goes on, `written` may count what a lost end had: only what was proved is beyond doubt.
    local had = record.confirmed
    if record.epoch ~= epoch then had = math.max(had, record.written or 0) end
    local kept, lossy
    epoch, tip, was, kept, lossy = witness(meta, epoch, tip, was, record.epoch, had, candidate)
    from = math.max(0, math.min(record.confirmed, kept))
    if kept < 0 or lossy then changed = 1 end
    if from < tip then redelivered = kept >= 0 and record.written or tip end
    -- What was lost may be pushed again, for want of an answer.
    if kept >= 0 and had > kept then redelivered = math.max(redelivered, had) end
    -- A repeat of our own call, whose answer was lost or void, resumes nobody; and nobody was written to since the first.
    if again and changed == 0 then redelivered = math.min(redelivered, tip - pushedSince(inbox, record.at + 1)) end
  elseif afterEpoch ~= '' then
    -- It comes from outside: beyond what was kept, it counts as lost for whoever presents it, and changes nothing for others.
    local kept, lossy = continuation(afterEpoch, epoch, tip, was)
    if afterEpoch == epoch and afterOffset > tip then kept = -1 end
    from = math.max(0, math.min(afterOffset, kept))
    if lossy or afterOffset > kept then changed = 1 end
  end
  if durable then writeRecord(resume, epoch, from, '-', now, owner, resumeSeconds * 2) end
  out[#out + 1] = { epoch, tip, from, redelivered, resumed, changed }
end
return out

-- Says how many subscriptions a replica still has, and settles the resume record of the one that ended.
-- KEYS[1] generation  KEYS[2] dead  KEYS[3…] per request: meta, holders, record to confirm (none: meta again),
-- record to forget (none: meta again)
-- ARGV[1] replica  [2] generation that it knows or ''  [3] meta seconds  [4] resume seconds
-- [5] channel prefix of presence  [6…] per request: identifier, subscriptions, confirm 0|1, owner, epoch, confirmed,
-- written or -, forget 0|1, owner that forgets
-- out: {generation}
-- include clock
-- include holder-core
-- include record-core
local now = nowMs()
local self, generation = holderName(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], now)
local argAt = 6
for i = 3, #KEYS, 4 do
  local meta, holders = KEYS[i], KEYS[i + 1]
  local channel, subscriptions = ARGV[5] .. ARGV[argAt], ARGV[argAt + 1]
  if subscriptions ~= '0' then
    hold(meta, holders, KEYS[2], self, ARGV[1], subscriptions, ARGV[3], channel)
  elseif redis.call('HDEL', holders, self) == 1 then
    if not dropDead(meta, holders, KEYS[2], self) and redis.call('EXISTS', meta) == 1 then
      redis.call('HSET', meta, 'seen', text(now))
    end
    redis.call('SPUBLISH', channel, '')
  end
  if ARGV[argAt + 2] == '1' then
    confirm(KEYS[i + 2], ARGV[argAt + 3], ARGV[argAt + 4], ARGV[argAt + 5], ARGV[argAt + 6], now, tonumber(ARGV[4]))
  end
  if ARGV[argAt + 7] == '1' then
    local record = parseRecord(redis.call('GET', KEYS[i + 3]))
    if record and record.owner == ARGV[argAt + 8] then redis.call('DEL', KEYS[i + 3]) end
  end
  argAt = argAt + 9
end
return { generation }

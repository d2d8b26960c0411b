-- Sends one chunk of a delayed push, if it is due and nobody did: claim, publication and removal are one step.
-- KEYS[1] push  KEYS[2] dead  KEYS[3] due  KEYS[4] delayed  KEYS[5…] per identifier: meta, inbox, holders
-- ARGV[1] header without its closing bracket  [2] payload  [3] ttl ms, from now  [4] retention seconds
-- [5] retention messages  [6] meta seconds  [7] candidate epoch  [8] channel prefix of replicas  [9] chunk
-- [10] term or ''  [11] member of due  [12…] identifiers as JSON texts
-- (without identifiers, header and payload: only drops the member, where its record is gone)
-- out: 1 sent | 0 not due, gone out, or cancelled
-- include clock
-- include inbox-core
-- include publish-core
if redis.call('HEXISTS', KEYS[4], 't' .. ARGV[9]) == 0 then
  redis.call('ZREM', KEYS[3], ARGV[11])
  return 0
end
if #KEYS == 4 then return 0 end
local now = nowMs()
local due = redis.call('ZSCORE', KEYS[3], ARGV[11])
if not due or tonumber(due) > now then return 0 end
redis.call('ZREM', KEYS[3], ARGV[11])
redis.call('HDEL', KEYS[4], 't' .. ARGV[9])
if redis.call('HINCRBY', KEYS[4], 'left', -1) <= 0 then redis.call('DEL', KEYS[4]) end
publishChunk(now, {
  header = ARGV[1], payload = ARGV[2], ttl = tonumber(ARGV[3]), retentionSeconds = ARGV[4],
  retentionMessages = ARGV[5], metaSeconds = ARGV[6], candidate = ARGV[7], toPrefix = ARGV[8], term = ARGV[10],
  dead = KEYS[2],
}, 5, 12)
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], 'at', text(now), 'out', '1')
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
return 1

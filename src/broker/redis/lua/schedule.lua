-- Keeps one chunk of a push until it is due, once.
-- KEYS[1] push  KEYS[2] due  KEYS[3] delayed
-- ARGV[1] header without its closing bracket  [2] payload  [3] ttl ms  [4] delay ms  [5] seconds until it may be dropped
-- [6] chunk  [7] identifiers of the whole push in this partition  [8] push id  [9] identifiers of the chunk, JSON
-- out: {0, '[]', '', due ms} | {1 (DUPLICATE), offline JSON, identifiers, due ms or ''}
-- include clock
local chunkField = 'c' .. ARGV[6]
local known = redis.call('HMGET', KEYS[1], chunkField, 'n', 'due')
if known[1] then
  -- As in publish: a WAIT behind it covers what it repeats.
  redis.call('HSET', KEYS[1], 'again', '1')
  return { 1, known[1], known[2], known[3] or '' }
end
local now = nowMs()
local due = known[3] or text(now + tonumber(ARGV[4]))
redis.call('HSET', KEYS[1], chunkField, '[]', 'n', ARGV[7], 'h', ARGV[1], 'at', text(now), 'due', due)
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('HSET', KEYS[3], 'h', ARGV[1], 'p', ARGV[2], 'ttl', ARGV[3], 't' .. ARGV[6], ARGV[9])
redis.call('HINCRBY', KEYS[3], 'left', 1)
redis.call('EXPIRE', KEYS[3], ARGV[5])
redis.call('ZADD', KEYS[2], due, ARGV[6] .. ':' .. ARGV[8])
if redis.call('TTL', KEYS[2]) < tonumber(ARGV[5]) then redis.call('EXPIRE', KEYS[2], ARGV[5]) end
return { 0, '[]', '', due }

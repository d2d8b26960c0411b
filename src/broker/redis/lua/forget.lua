-- Declares what a replica holds now void, once.
-- KEYS[1] generation  KEYS[2] dead
-- ARGV[1] replica  [2] meta seconds  [3] channel of the forgotten  [4] the replica's own channel
-- out: 1 forgotten | 0 it was, or never held anything
-- include clock
local generation = redis.call('GET', KEYS[1])
if not generation then return 0 end
local now = nowMs()
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[2]) * 1000)
if redis.call('ZADD', KEYS[2], 'NX', now, ARGV[1] .. '~' .. generation) == 0 then return 0 end
redis.call('EXPIRE', KEYS[2], ARGV[2])
redis.call('SPUBLISH', ARGV[3], ARGV[1])
redis.call('SPUBLISH', ARGV[4], '!')
return 1

-- A replica's regular look: renews its generation (a new one, where the old one is dead or lost) and finds what is due.
-- KEYS[1] generation  KEYS[2] dead  KEYS[3] due
-- ARGV[1] replica  [2] generation that it knows or ''  [3] meta seconds  [4] how many due members at most
-- out: {generation, {members that are due}, term}
-- include clock
-- include inbox-core
-- include holder-core
local now = nowMs()
local _, generation = holderName(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], now)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return { generation, redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, ARGV[4]), currentTerm() }

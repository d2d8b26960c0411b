-- Takes the lease of a replica.
-- KEYS[1] lease of the replica   KEYS[2] hash of all replicas
-- ARGV[1] replica id  ARGV[2] token of the process  ARGV[3] lease, ms  ARGV[4] its record, JSON  ARGV[5] channel of changes
-- Output: 1 taken; where another process holds it: {its record, JSON, or '' when it has said nothing yet; what is left of its
-- lease, ms}
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[2] then
  return { redis.call('HGET', KEYS[2], ARGV[1]) or '', redis.call('PTTL', KEYS[1]) }
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
redis.call('SPUBLISH', ARGV[5], '{"kind":"load","record":' .. ARGV[4] .. '}')
return 1

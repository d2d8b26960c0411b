-- Stores changed settings and tells all replicas that there is something to read.
-- KEYS[1] hash of settings
-- ARGV[1] channel of changed settings  ARGV[2…] name, value
-- Output: all that is configured then: name, value, …
if #ARGV > 1 then
  redis.call('HSET', KEYS[1], unpack(ARGV, 2))
  redis.call('SPUBLISH', ARGV[1], '')
end
return redis.call('HGETALL', KEYS[1])

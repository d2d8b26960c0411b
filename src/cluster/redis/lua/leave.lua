-- Gives a lease back: a goodbye.
-- KEYS[1] lease of the replica   KEYS[2] hash of all replicas
-- ARGV[1] replica id  ARGV[2] token of the process  ARGV[3] what is told, JSON  ARGV[4] channel of changes
-- Output: 1 given back, 0 it was not ours any more
if redis.call('GET', KEYS[1]) ~= ARGV[2] then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('SPUBLISH', ARGV[4], ARGV[3])
return 1

-- Forgets a replica whose lease has ended, and tells it once.
-- KEYS[1] lease of the replica   KEYS[2] hash of all replicas
-- ARGV[1] replica id  ARGV[2] what is told, JSON  ARGV[3] channel of changes
-- Output: 1 forgotten now, 0 it lives or was forgotten before
if redis.call('EXISTS', KEYS[1]) == 1 or redis.call('HDEL', KEYS[2], ARGV[1]) == 0 then
  return 0
end
redis.call('SPUBLISH', ARGV[3], ARGV[2])
return 1

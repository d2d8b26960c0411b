-- Adds a replica's batch to the statistics of a minute, once.
-- KEYS[1] statistics of the minute   KEYS[2] the replica's last batch
-- ARGV[1] number of the batch  ARGV[2] how long the minute is kept, s  ARGV[3] how long the number is kept, s
-- ARGV[4…] field, count
-- Output: the time, ms
local now = redis.call('TIME')
if tonumber(redis.call('GET', KEYS[2]) or '0') < tonumber(ARGV[1]) then
  for i = 4, #ARGV, 2 do
    redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
  end
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[3])
end
return now[1] * 1000 + math.floor(now[2] / 1000)

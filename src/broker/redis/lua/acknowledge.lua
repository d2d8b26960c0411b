-- Counts an acknowledgement, once per field.
-- KEYS[1] push
-- ARGV[1] field that names who acknowledges what  [2] channel of the push's receipts
-- out: 1 counted | 0 counted before, or no such push
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HSETNX', KEYS[1], ARGV[1], '') == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'a', 1)
redis.call('SPUBLISH', ARGV[2], '')
return 1

-- Adds to the receipts of pushes. One that is unknown or expired is not made anew.
-- KEYS[1…] pushes
-- ARGV[1] channel prefix of receipts  [2…] per push: id, sent, delivered
-- out: 0
for i = 1, #KEYS do
  local argAt = 2 + (i - 1) * 3
  if redis.call('EXISTS', KEYS[i]) == 1 then
    if ARGV[argAt + 1] ~= '0' then redis.call('HINCRBY', KEYS[i], 's', ARGV[argAt + 1]) end
    if ARGV[argAt + 2] ~= '0' then redis.call('HINCRBY', KEYS[i], 'd', ARGV[argAt + 2]) end
    redis.call('SPUBLISH', ARGV[1] .. ARGV[argAt], '')
  end
end
return 0

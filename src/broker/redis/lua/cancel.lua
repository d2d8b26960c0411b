-- Takes back a delayed push of which nothing has gone out. Its id is free again.
-- KEYS[1] push  KEYS[2] due  KEYS[3] delayed
-- ARGV[1] push id
-- out: 1 taken back | 0 went out, or never was
if redis.call('HEXISTS', KEYS[1], 'out') == 1 then return 0 end
local removed = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
  local chunk = string.match(field, '^t(%d+)$')
  if chunk then removed = removed + redis.call('ZREM', KEYS[2], chunk .. ':' .. ARGV[1]) end
end
if removed == 0 then return 0 end
redis.call('DEL', KEYS[3], KEYS[1])
return 1

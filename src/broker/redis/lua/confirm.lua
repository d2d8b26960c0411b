-- Writes how far durable subscriptions got.
-- KEYS[1…] resume records
-- ARGV[1] resume seconds  [2…] per record: owner, epoch, confirmed, written or -
-- out: 0
-- include clock
-- include record-core
local now = nowMs()
for i = 1, #KEYS do
  local argAt = 2 + (i - 1) * 4
  confirm(KEYS[i], ARGV[argAt], ARGV[argAt + 1], ARGV[argAt + 2], ARGV[argAt + 3], now, tonumber(ARGV[1]))
end
return 0

-- Says again what a replica holds and compares the tips.
-- KEYS[1] generation  KEYS[2] dead  KEYS[3…] per inbox: meta, inbox, holders
-- ARGV[1] replica  [2] generation that it knows or ''  [3] meta seconds  [4] candidate epoch
-- [5] channel prefix of presence  [6…] per inbox: identifier, subscriptions, epoch, offset
-- out: {generation, per inbox: epoch, tip}
-- include clock
-- include inbox-core
-- include holder-core
local now = nowMs()
local self, generation = holderName(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], now)
local out = { generation }
local argAt = 6
for i = 3, #KEYS, 3 do
  local epoch, tip = inboxState(KEYS[i], KEYS[i + 1], ARGV[4], ARGV[3])
  hold(KEYS[i], KEYS[i + 2], KEYS[2], self, ARGV[1], ARGV[argAt + 1], ARGV[3], ARGV[5] .. ARGV[argAt])
  if epoch == ARGV[argAt + 2] and tip < tonumber(ARGV[argAt + 3]) then
    -- The store lost its end: what is pushed from now on must not pass for what was heard before.
    epoch = ARGV[4]
    redis.call('HSET', KEYS[i], 'epoch', epoch)
  end
  out[#out + 1] = epoch
  out[#out + 1] = tip
  argAt = argAt + 4
end
return out

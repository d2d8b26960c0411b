-- Says again what a replica holds and compares the tips.
-- KEYS[1] generation  KEYS[2] dead  KEYS[3…] per inbox: meta, inbox, holders
-- ARGV[1] replica  [2] generation that it knows or ''  [3] meta seconds  [4] term or ''  [5] candidate epoch
-- [6] channel prefix of presence  [7…] per inbox: identifier, subscriptions, epoch, offset
-- out: {generation, per inbox: epoch, tip, kept of the epoch given or -1, messages may be lost 0|1}
-- include clock
-- include inbox-core
-- include holder-core
local now = nowMs()
local self, generation = holderName(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3], now)
local out = { generation }
local argAt = 7
for i = 3, #KEYS, 3 do
  local epoch, tip, was = inboxState(KEYS[i], KEYS[i + 1], ARGV[5], ARGV[3], ARGV[4])
  hold(KEYS[i], KEYS[i + 2], KEYS[2], self, ARGV[1], ARGV[argAt + 1], ARGV[3], ARGV[6] .. ARGV[argAt])
  local kept, lossy
  epoch, tip, was, kept, lossy = witness(KEYS[i], epoch, tip, was, ARGV[argAt + 2], tonumber(ARGV[argAt + 3]), ARGV[5])
  local at = #out
  out[at + 1], out[at + 2], out[at + 3], out[at + 4] = epoch, tip, kept, lossy and 1 or 0
  argAt = argAt + 4
end
return out

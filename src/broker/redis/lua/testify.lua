-- What a replica was told of its accepted pushes, said to a server that may have replaced the one that told it.
-- KEYS[1…] per inbox: meta, inbox
-- ARGV[1] meta seconds  [2] term or ''  [3] candidate epoch  [4…] per inbox: epoch, offset
-- out: how many of the inboxes have lost a message
-- include clock
-- include inbox-core
local lost = 0
for i = 1, #KEYS, 2 do
  local epoch, tip, was = inboxState(KEYS[i], KEYS[i + 1], ARGV[3], ARGV[1], ARGV[2])
  local offset, kept = tonumber(ARGV[i + 4]), nil
  epoch, tip, was, kept = witness(KEYS[i], epoch, tip, was, ARGV[i + 3], offset, ARGV[3])
  if offset > kept then lost = lost + 1 end
end
return lost

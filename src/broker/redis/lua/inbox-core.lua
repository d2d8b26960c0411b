-- Inboxes, their epochs, and what a failover may have taken from them.
--
-- A *term* is the time in which one server writes one history of the data: its replication id, which is new after every
-- restart and every promotion. A replica that is promoted may miss the newest messages of an inbox, and gives their offsets
-- again to others. So the first script that touches an inbox in another term than it was last written in lets it enter a new
-- epoch, before any offset is given; `was` notes through which offset the former one is the same ("kept").
--
-- Interleavings of "the holder H heard offsets 8 to 10, of which the promoted server has none" with "P pushes there":
-- 1. P first: its script finds the inbox in the former term with its tip at 7, lets it enter E2 (E1 kept to 7), and stores
--    8 to 11 of E2. H then says that it stands at 10 of E1: beyond 7, so it reads on from 7 in E2 and tells of the loss. Were
--    there one epoch for both, 8 to 10 would pass for what H had.
-- 2. H first: its script lets the inbox enter E2, and H stands at 7 of it, before P stores 8.
-- 3. A message of the former server is on its way to H meanwhile: it names E1, so it is never taken for one of E2.
-- 4. The former server lives on, cut off, and still takes pushes: its epoch is E1 all the same.
-- 5. H is gone, and comes back with a record of 10 in E1, hours later: as 1.
-- An inbox that nobody had more of than was kept goes on in silence.
--
-- `known` is the term that the caller was told on the connection it calls on, or ''. Only where that is not the inbox's own
-- is the server asked, since that costs as much as half a push.
local MAX_FORMER = 4
local term
local function currentTerm()
  -- Its first twelve digits: it stands in every inbox.
  if not term then term = string.sub(string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)'), 1, 12) end
  return term
end

-- Lets an inbox enter a new epoch. `lossy`: somebody had more than is here.
local function enterEpoch(meta, epoch, tip, was, candidate, lossy)
  local former = {}
  for one in string.gmatch(was, '%S+') do former[#former + 1] = one end
  former[#former + 1] = epoch .. ':' .. text(tip) .. ':' .. (lossy and '1' or '0')
  was = table.concat(former, ' ', math.max(1, #former - MAX_FORMER + 1))
  -- One call can do both to one inbox, in this order.
  if lossy then candidate = candidate .. 'L' end
  redis.call('HSET', meta, 'epoch', candidate, 'term', currentTerm(), 'was', was)
  return candidate, tip, was
end

-- Answers epoch, tip, was. Where its meta is gone a new epoch begins, and what is left of the stream goes with
-- the old one (it can only be left where Redis evicts).
local function inboxState(meta, inbox, candidate, metaSeconds, known)
  local state = redis.call('HMGET', meta, 'epoch', 'offset', 'term', 'was')
  local epoch, tip, was = state[1], tonumber(state[2] or '0'), state[4] or ''
  if not epoch then
    redis.call('HSET', meta, 'epoch', candidate, 'offset', '0', 'term', known ~= '' and known or currentTerm())
    redis.call('EXPIRE', meta, metaSeconds)
    redis.call('DEL', inbox)
    return candidate, 0, ''
  end
  if state[3] == known or state[3] == currentTerm() then return epoch, tip, was end
  return enterEpoch(meta, epoch, tip, was, candidate, false)
end

-- What `epoch` has in common with the one of now: through which offset (-1: nothing is known of it), and whether
-- somebody had more than was kept, then or since.
local function continuation(epoch, current, tip, was)
  if epoch == current then return tip, false end
  local kept, lossy = -1, false
  for name, through, lost in string.gmatch(was, '(%w+):(%d+):(%d)') do
    if name == epoch then kept = math.huge end
    if kept >= 0 then
      kept = math.min(kept, tonumber(through))
      lossy = lossy or lost == '1'
    end
  end
  return kept, lossy
end

-- A replica or a record stands at `offset` of `epoch`. Where that is beyond what was kept, all others are to hear of the
-- loss too: another epoch, once. Answers epoch, tip, was as of then, and the continuation of `epoch`.
local function witness(meta, current, tip, was, epoch, offset, candidate)
  local kept, lossy = continuation(epoch, current, tip, was)
  if kept >= 0 and offset > kept and not lossy then
    current, tip, was = enterEpoch(meta, current, tip, was, candidate, true)
    kept, lossy = continuation(epoch, current, tip, was)
  end
  return current, tip, was, kept, lossy
end

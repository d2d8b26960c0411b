-- The epoch and tip of an inbox. Where its meta is gone a new epoch begins, and what is left of the stream goes with
-- the old one (it can only be left where Redis evicts).
local function inboxState(meta, inbox, candidate, metaSeconds)
  local state = redis.call('HMGET', meta, 'epoch', 'offset')
  if state[1] then return state[1], tonumber(state[2] or '0') end
  redis.call('HSET', meta, 'epoch', candidate, 'offset', '0')
  redis.call('EXPIRE', meta, metaSeconds)
  redis.call('DEL', inbox)
  return candidate, 0
end

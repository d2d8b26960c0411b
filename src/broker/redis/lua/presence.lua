-- Who holds these identifiers.
-- KEYS[1] dead  KEYS[2…] per identifier: meta, holders
-- out: per identifier {subscriptions, last seen ms or '', holder names…}; holders that are dead are left out
local out = {}
for i = 2, #KEYS, 2 do
  local subscriptions, state = 0, { 0, '' }
  local seen = redis.call('HGET', KEYS[i], 'seen')
  local fields = redis.call('HGETALL', KEYS[i + 1])
  for j = 1, #fields, 2 do
    local died = redis.call('ZSCORE', KEYS[1], fields[j])
    if not died then
      subscriptions = subscriptions + tonumber(fields[j + 1])
      state[#state + 1] = fields[j]
    elseif not seen or tonumber(died) > tonumber(seen) then
      seen = died
    end
  end
  state[1] = subscriptions
  if #state == 2 and seen then state[2] = seen end
  out[#out + 1] = state
end
return out

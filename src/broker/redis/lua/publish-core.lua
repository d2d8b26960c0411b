-- Stores one chunk of a push, finds the holders and sends it to them. `KEYS` from `keyAt` on come in triples meta,
-- inbox, holders; `ARGV` from `argAt` on are the same identifiers as JSON texts. Answers the offline ones, a JSON text, and
-- where each message was stored: `epoch:offset` in the same order, with spaces between; '' for an ephemeral push.
--
-- push: header (JSON without its closing bracket: `["id",from,"trigger"`, and the traceparent where it is traced), payload, ttl (ms; -1: none, 0: ephemeral),
-- retentionSeconds, retentionMessages, metaSeconds, candidate (epoch), toPrefix (channel), term (known), dead (key)
--
-- To each holder goes `[id,from,trigger(,traceparent),expiresAt,pushedAt,stored]` LF `[[identifier,epoch,offset],…]` LF payload.
local function publishChunk(now, push, keyAt, argAt)
  local call = redis.call
  local ephemeral = push.ttl == 0
  local expiresAt = 'null'
  if push.ttl >= 0 then expiresAt = text(now + push.ttl) end
  local at = text(now)
  local stored = push.header .. ',' .. expiresAt .. ']'
  local dead, entriesOf, order, offline, places = {}, {}, {}, {}, {}
  for i = keyAt, #KEYS, 3 do
    local meta, inbox, holders = KEYS[i], KEYS[i + 1], KEYS[i + 2]
    local identifier = ARGV[argAt]
    argAt = argAt + 1
    local state = call('HMGET', meta, 'epoch', 'term')
    local epoch, offset = state[1], nil
    if not epoch or state[2] ~= push.term then
      epoch = inboxState(meta, inbox, push.candidate, push.metaSeconds, push.term)
    end
    if ephemeral then
      offset = call('HGET', meta, 'offset')
    else
      offset = call('HINCRBY', meta, 'offset', 1)
      call('XADD', inbox, 'MAXLEN', '~', push.retentionMessages, offset .. '-0', 'h', stored, 'p', push.payload, 'a', at)
      call('EXPIRE', inbox, push.retentionSeconds)
      call('EXPIRE', meta, push.metaSeconds)
      places[#places + 1] = epoch .. ':' .. offset
    end
    local entry, living = nil, false
    for _, name in ipairs(call('HKEYS', holders)) do
      local died = dead[name]
      if died == nil then
        died = call('ZSCORE', push.dead, name)
        dead[name] = died
      end
      if died then
        call('HDEL', holders, name)
        call('HSET', meta, 'seen', died)
      else
        living = true
        entry = entry or ('[' .. identifier .. ',"' .. epoch .. '",' .. offset .. ']')
        local entries = entriesOf[name]
        if entries then
          entries[#entries + 1] = entry
        else
          entriesOf[name] = { entry }
          order[#order + 1] = name
        end
      end
    end
    if not living then offline[#offline + 1] = identifier end
  end
  local head = push.header .. ',' .. expiresAt .. ',' .. at .. ',' .. (ephemeral and '0' or '1') .. ']\n['
  for _, name in ipairs(order) do
    local message = head .. table.concat(entriesOf[name], ',') .. ']\n' .. push.payload
    redis.call('SPUBLISH', push.toPrefix .. string.match(name, '^(.*)~%d+$'), message)
  end
  return '[' .. table.concat(offline, ',') .. ']', table.concat(places, ' ')
end

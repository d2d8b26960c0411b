-- Publishes one chunk of a push, once.
-- KEYS[1] push  KEYS[2] dead  KEYS[3…] per identifier: meta, inbox, holders
-- ARGV[1] header without its closing bracket  [2] payload  [3] ttl ms (-1 none, 0 ephemeral)  [4] retention seconds
-- [5] retention messages  [6] meta seconds  [7] candidate epoch  [8] channel prefix of replicas  [9] chunk
-- [10] term or ''  [11] identifiers of the whole push in this partition  [12…] identifiers as JSON texts
-- out: {0, offline JSON, '', '', places (see publish-core)} | {1 (DUPLICATE), offline JSON, identifiers, due ms or ''}
-- include clock
-- include inbox-core
-- include publish-core
local chunkField = 'c' .. ARGV[9]
local known = redis.call('HGET', KEYS[1], chunkField)
if known then
  -- A write, so that a WAIT behind it covers what it repeats, whichever connection that came on.
  redis.call('HSET', KEYS[1], 'again', '1')
  local first = redis.call('HMGET', KEYS[1], 'n', 'due')
  return { 1, known, first[1], first[2] or '' }
end
local now = nowMs()
local offline, places = publishChunk(now, {
  header = ARGV[1], payload = ARGV[2], ttl = tonumber(ARGV[3]), retentionSeconds = ARGV[4],
  retentionMessages = ARGV[5], metaSeconds = ARGV[6], candidate = ARGV[7], toPrefix = ARGV[8], term = ARGV[10],
  dead = KEYS[2],
}, 3, 12)
redis.call('HSET', KEYS[1], chunkField, offline, 'n', ARGV[11], 'h', ARGV[1], 'at', text(now))
redis.call('EXPIRE', KEYS[1], ARGV[4])
return { 0, offline, '', '', places }

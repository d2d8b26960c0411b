-- Holders. A replica holds under `<replica>~<generation>`; `dead` lists the names that are void. The generation key is
-- the only truth of which name a replica has now, and every script that holds something reads it first.
--
-- Interleavings of "the lease of R ended, so others forget it" with "R was only paused and goes on":
-- 1. forget(R) marks R~1, then R attaches or reholds: the script finds R~1 dead, takes R~2, holds under that name and
--    answers 2. R sees another generation than it knew and says again what it holds. Names under R~1 stay void.
-- 2. R reholds under R~1, then a late forget(R) marks R~1: everything R holds is void although it lives. The same script
--    sends R a notice; R answers with its pulse, takes R~2 and says again what it holds. A notice that cannot reach R
--    means that its channel is down: it says everything again when that is back, and its pulse finds R~1 dead anyway.
-- 3. Two replicas forget R, and R comes back in between: as 2.
-- 4. The store lost the generation key (FLUSHALL, eviction): a new generation, the one R knew is marked dead, lest R
--    holds under two living names and hears everything twice.
-- Generations are times, so one that was forgotten by the store is never given again.
local function holderName(generationKey, deadKey, replica, known, metaSeconds, now)
  local generation = redis.call('GET', generationKey)
  if generation and not redis.call('ZSCORE', deadKey, replica .. '~' .. generation) then
    return replica .. '~' .. generation, generation
  end
  if not generation and known ~= '' then
    redis.call('ZADD', deadKey, now, replica .. '~' .. known)
    redis.call('EXPIRE', deadKey, metaSeconds)
  end
  local last = math.max(tonumber(generation or '0'), tonumber(known == '' and '0' or known))
  generation = text(math.max(now, last + 1))
  redis.call('SET', generationKey, generation, 'EX', metaSeconds)
  return replica .. '~' .. generation, generation
end

-- Drops the dead from one holders hash. Whoever lengthens a hash's life does this too: otherwise a dead name could
-- outlive its entry in `dead` and rise again. Answers whether a living one (other than `self`) is there.
local function dropDead(meta, holders, deadKey, self)
  local living = false
  for _, name in ipairs(redis.call('HKEYS', holders)) do
    if name ~= self then
      local died = redis.call('ZSCORE', deadKey, name)
      if died then
        redis.call('HDEL', holders, name)
        redis.call('HSET', meta, 'seen', died)
      else
        living = true
      end
    end
  end
  return living
end

-- Sets how many subscriptions `self` has, and tells who watches when that changed.
local function hold(meta, holders, deadKey, self, replica, count, metaSeconds, presenceChannel)
  dropDead(meta, holders, deadKey, self)
  local before = redis.call('HGET', holders, self)
  if before ~= count then
    redis.call('HSET', holders, self, count)
    redis.call('SPUBLISH', presenceChannel, '')
  end
  redis.call('HSET', meta, 'replica', replica)
  redis.call('EXPIRE', holders, metaSeconds)
  redis.call('EXPIRE', meta, metaSeconds)
end

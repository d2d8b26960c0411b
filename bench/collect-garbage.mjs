// Preloaded into every Node peer whose memory is measured (`--expose-gc --import`): a full collection when asked for, so
// that what is kept can be told from what was not yet swept.
process.on('SIGUSR2', () => globalThis.gc())

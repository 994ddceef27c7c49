/**
 * `node:http`, but not by `import`: that face of it also touches its WebSocket, for which Node 24 loads all of undici, 40 ms
 * and 15 MB at every start of every verb.
 */
export const http = process.getBuiltinModule('node:http')

// Portkey's gateway asks nobody for a key and has no option for its address, so it would pass on
// what any machine sends. Loaded before it, this lets its server listen on 127.0.0.1 alone.
const { Server } = require("node:net");
const listen = Server.prototype.listen;
Server.prototype.listen = function (port, host, ...rest) {
  return listen.call(this, port, host ?? "127.0.0.1", ...rest);
};

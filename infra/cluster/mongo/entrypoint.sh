#!/bin/sh
# As the official image does it: on an empty volume, makes the user that its variables name before anybody can connect.
set -e
if [ ! -e /data/db/has-user ]; then
  mongod --dbpath /data/db --bind_ip 127.0.0.1 --nounixsocket > /tmp/first-start.log &
  NODE_PATH=/eventhive/node_modules node /create-user.cjs || { cat /tmp/first-start.log; exit 1; }
  kill -INT $!
  wait $!
  touch /data/db/has-user
fi
exec mongod --dbpath /data/db --bind_ip_all --auth --nounixsocket "$@"

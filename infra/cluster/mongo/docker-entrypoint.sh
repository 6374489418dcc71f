#!/bin/sh
# Like the official image: on an empty volume, creates the user of the variables before the server accepts connections.
#   docker-entrypoint.sh [mongod] [FLAG...]
set -e
[ "$1" != mongod ] || shift
if [ ! -e /data/db/has-user ]; then
  mongod --dbpath /data/db --bind_ip 127.0.0.1 --nounixsocket > /tmp/first-start.log &
  NODE_PATH=/eventhive/node_modules node /usr/local/bin/create-user.cjs || { cat /tmp/first-start.log; exit 1; }
  kill -INT $!
  wait $!
  touch /data/db/has-user
fi
exec mongod --dbpath /data/db --bind_ip_all --auth --nounixsocket "$@"

const { MongoClient } = require("mongodb");

const { MONGO_INITDB_ROOT_USERNAME: user, MONGO_INITDB_ROOT_PASSWORD: pwd } = process.env;

async function createUser() {
  const server = new MongoClient("mongodb://127.0.0.1:27017", { serverSelectionTimeoutMS: 60_000 });
  await server.db("admin").command({ createUser: user, pwd, roles: ["root"] });
  await server.close();
}

createUser().catch((error) => {
  if (error.codeName === "Location51003") return; // created by an interrupted start
  console.error(error);
  process.exit(1);
});

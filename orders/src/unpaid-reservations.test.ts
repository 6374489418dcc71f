import { newId, setUpService } from "@eventhive/common/testing";
import { database } from "./database";
import { orderOf } from "../test/fixtures";
import { printUnpaidReservations } from "./unpaid-reservations";

setUpService(database);

it("names the users, networks and sites with the most unpaid reservations", async () => {
  const [hoarder, buyer, network, site] = [newId(), newId(), newId(), newId()];
  for (const userId of [hoarder, hoarder, buyer]) {
    const order = await orderOf(userId, undefined, network, userId === hoarder ? site : undefined);
    order.cancel("expired");
    await order.save();
  }
  await orderOf(buyer, undefined, network);

  const printed: string[] = [];
  jest.spyOn(process.stdout, "write").mockImplementation((text) => Boolean(printed.push(String(text))));
  await printUnpaidReservations();
  jest.restoreAllMocks();
  expect(printed).toEqual([
    `userId ${hoarder}  2\n`,
    `userId ${buyer}  1\n`,
    `network ${network}  3\n`,
    `site ${site}  2\n`,
  ]);
});

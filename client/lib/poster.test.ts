import { createCanvas, loadImage } from "@napi-rs/canvas";
import { poster } from "./poster";

const pictureOf = async (title: string): Promise<string> => {
  const response = await poster({ title, note: "$20.00", maxAgeSeconds: 0 });
  return Buffer.from(await response.arrayBuffer()).toString("base64");
};

// Characters that no font has are all drawn as the same box.
it.each([
  ["Latin", "Ærø", "Øræ"],
  ["Greek", "άλφα", "άφλα"],
  ["Cyrillic", "концерт", "концетр"],
  ["Hebrew", "שלום", "שולם"],
  ["Arabic", "مرحبا", "محربا"],
  ["Thai", "กรุง", "กุรง"],
  ["Devanagari", "संगीत", "संतगी"],
  ["Japanese", "東京の夜", "京東の夜"],
  ["Chinese", "北京音乐", "北京乐音"],
  ["Korean", "서울 표", "울서 표"],
  ["Bengali", "বাংলা", "লাবাং"],
  ["Ethiopic", "ሰላም", "ላሰም"],
  ["emoji", "🎸🎻", "🎻🎸"],
  ["flags", "🇩🇪🇫🇷", "🇫🇷🇩🇪"],
])("draws distinct letters in %s", async (_, one, other) => {
  expect(await pictureOf(one)).not.toBe(await pictureOf(other));
});

it("draws a joined emoji as one", async () => {
  expect(await pictureOf("👩‍👩‍👧‍👦")).not.toBe(await pictureOf("👩👩👧👦"));
  expect(await pictureOf("👍🏽")).not.toBe(await pictureOf("👍 🏽"));
});

it.each([
  ["a character that is not assigned", "x\u0378y"],
  ["a private character", "x\ue000y"],
  ["a control character", "x\u0007y"],
  ["an override of the direction", "x\u202ey"],
  ["half a character", "x\ud83dy"],
])("omits %s", async (_, title) => {
  expect(await pictureOf(title)).toBe(await pictureOf("xy"));
});

it("aligns right-to-left text to the right", async () => {
  const [hebrew, latin] = [await inkOf("שלום."), await inkOf("Shalom.")];
  expect(hebrew.right).toBeGreaterThan(1100);
  expect(latin.left).toBeLessThan(100);
  expect(hebrew.left).toBeGreaterThan(600);
  expect(latin.right).toBeLessThan(600);
});

/** The horizontal extent of the title. */
async function inkOf(title: string): Promise<{ left: number; right: number }> {
  const context = createCanvas(1200, 630).getContext("2d");
  context.drawImage(await loadImage(Buffer.from(await pictureOf(title), "base64")), 0, 0);
  const { data, width } = context.getImageData(0, 220, 1200, 200);
  const columns = Array.from(data.keys()).filter((at) => at % 4 === 0 && (data[at] ?? 255) < 100);
  const inked = columns.map((at) => (at / 4) % width);
  return inked.reduce(
    ({ left, right }, column) => ({ left: Math.min(left, column), right: Math.max(right, column) }),
    { left: width, right: 0 },
  );
}

it("responds with 503 when too many images are requested at once", async () => {
  const note = "$20.00";
  const requests = Array.from({ length: 30 }, (_, number) =>
    poster({ title: `Ticket ${number}`, note, maxAgeSeconds: 300 }),
  );
  const responses = await Promise.all(requests);
  const refused = responses.filter(({ status }) => status === 503);
  expect(refused).toHaveLength(8);
  expect(refused[0]?.headers.get("retry-after")).toBe("5");
  expect(refused[0]?.headers.get("cache-control")).toBe("no-store");
});

it.each(["W".repeat(200), "🎸".repeat(200), "word ".repeat(40), " ", "\u0378", "ก".repeat(200)])(
  "finds room for %j",
  async (title) => {
    expect(Buffer.from(await pictureOf(title), "base64").readUInt32BE(16)).toBe(1200);
  },
);

// Runs one command in a container in the browser that with-browser.mjs started: guest.mjs WORD...
// Its standard output, standard error and exit status become this program's.
import { request } from "node:http";

const post = (body) =>
  new Promise((resolve, reject) => {
    const call = request({ port: process.env.BRAINWORM_BROWSER, host: "127.0.0.1", method: "POST" }, async (response) => {
      let text = "";
      for await (const part of response) text += part;
      if (response.statusCode === 200) resolve(JSON.parse(text));
      else reject(new Error(text));
    });
    call.on("error", reject);
    call.end(body);
  });

try {
  const { status, out, err } = await post(JSON.stringify(process.argv.slice(2)));
  process.stdout.write(Buffer.from(out, "base64"));
  process.stderr.write(Buffer.from(err, "base64"));
  process.exitCode = status;
} catch (error) {
  process.stderr.write(`guest: ${error.message}\n`);
  process.exitCode = 125;
}

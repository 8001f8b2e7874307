"""An HTTP/1.1 client on asyncio that believes nothing: requests as bytes, answers checked to the last byte."""
import asyncio


class Broken(Exception):
    """The answer is none, or ends early."""


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def field(self, name):
        return [value for key, value in self.fields if key == name]


async def read_answer(reader, method="GET"):
    """One answer; what is not HTTP/1.1 is Broken."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as cut:
        raise Broken(f"no head, but {cut.partial!r}") from None
    except (ConnectionError, asyncio.LimitOverrunError) as error:
        raise Broken(f"no head: {error}") from None
    first, *lines = head[:-4].split(b"\r\n")
    words = first.split(b" ", 2)
    if len(words) < 2 or words[0] != b"HTTP/1.1":
        raise Broken(f"no status line: {first!r}")
    status = int(words[1])
    fields = [(k.strip().lower().decode(), v.strip().decode("latin-1")) for k, v in (l.split(b":", 1) for l in lines)]
    answer = Answer(status, fields, b"")
    try:
        if method == "HEAD" or status in (204, 304) or status < 200:
            pass
        elif answer.field("transfer-encoding"):
            parts = []
            while True:
                size = int((await reader.readuntil(b"\r\n"))[:-2].split(b";")[0], 16)
                parts.append(await reader.readexactly(size))
                if await reader.readexactly(2) != b"\r\n":
                    raise Broken("a chunk does not end")
                if size == 0:
                    break
            answer.body = b"".join(parts)
        elif answer.field("content-length"):
            answer.body = await reader.readexactly(int(answer.field("content-length")[0]))
        else:
            answer.body = await reader.read()
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise Broken(f"status {status}, then the body ends early: {error}") from None
    return answer


def head(method, target, fields=(), host="localhost"):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in fields)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def once(port, data, method="GET", timeout=120):
    """A connection, these bytes, one answer."""
    async def talk():
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        try:
            writer.write(data)
            try:
                await writer.drain()
            except ConnectionError:
                pass  # it may have answered without reading on
            return await read_answer(reader, method)
        finally:
            writer.close()
    return await asyncio.wait_for(talk(), timeout)


async def get(port, target, timeout=120, **more):
    return await once(port, head("GET", target, **more), timeout=timeout)


async def post(port, target, body, timeout=120):
    return await once(port, head("POST", target, [("Content-Length", len(body))]) + body, "POST", timeout)


async def flood(port, count, concurrency, target, check, timeout=120):
    """`count` requests over so many connections at a time; `target(i)` names them, `check(i, answer)` says whether one
    is right. Answers (right, wrong, lost) and what was wrong first."""
    right, bad, first = 0, [0, 0], []
    numbers = iter(range(count))

    async def worker():
        nonlocal right
        reader = writer = None
        for i in numbers:
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(head("GET", target(i)))
                answer = await asyncio.wait_for(read_answer(reader), timeout)
                if check(i, answer):
                    right += 1
                else:
                    bad[0] += 1
                    first.append(f"{target(i)}: {answer.status} {answer.body[:200]!r}")
                if answer.field("connection") == ["close"]:
                    writer.close()
                    writer = None
            except (Broken, OSError, asyncio.TimeoutError) as error:
                bad[1] += 1
                first.append(f"{target(i)}: {error!r}")
                if writer is not None:
                    writer.close()
                writer = None
        if writer is not None:
            writer.close()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return (right, *bad), first[:3]

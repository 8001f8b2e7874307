#!/usr/bin/env python3
"""Wrap root file system tars into container images, without a container engine.

  oci.py --layout DIR   --docker OUT.tar   LAYER.tar [LAYER.tar ...]
         [--oci-tar OUT.tar] [--legacy OUT.tar] [--compress none|gzip|zstd] [--name NAME:TAG]
         [--cmd WORD]... [--entrypoint WORD]... [--env K=V]... [--workdir DIR] [--user USER]
         [--expose PORT/PROTO]... [--stop-signal SIG] [--label K=V]...

  --layout    an OCI image layout directory        --oci-tar   the same as a tar
  --docker    what `docker save` writes today: an OCI layout with a manifest.json in a tar
  --legacy    what older `docker save` wrote: a directory a layer, manifest.json, repositories

The same input gives the same bytes. zstd needs the zstd program.
"""
import argparse, gzip, hashlib, io, json, pathlib, shutil, subprocess, tarfile, tempfile

MEDIA = "application/vnd.oci.image."
SUFFIX = {"none": "", "gzip": "+gzip", "zstd": "+zstd"}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def compress(data, how):
    if how == "gzip":
        return gzip.compress(data, 6, mtime=0)
    if how == "zstd":
        return subprocess.run(["zstd", "-q", "-3", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def add(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o644
    tar.addfile(info, io.BytesIO(data))


def dump(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def config(o, diff_ids):
    settings = {"Env": o.env or ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}
    settings["Cmd"] = o.cmd or ["/bin/sh"]
    for key, value in (("Entrypoint", o.entrypoint), ("WorkingDir", o.workdir), ("User", o.user), ("StopSignal", o.stop_signal),
                       ("ExposedPorts", {p: {} for p in o.expose}), ("Labels", dict(label.split("=", 1) for label in o.label))):
        if value:
            settings[key] = value
    history = [{"created": "1970-01-01T00:00:00Z", "created_by": f"layer {i}"} for i in range(len(diff_ids))]
    return dump({"architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z", "config": settings,
                 "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history})


def layout(o, layers, conf):
    """The files of an OCI layout: name -> bytes."""
    files = {"oci-layout": dump({"imageLayoutVersion": "1.0.0"})}

    def blob(data, media):
        files["blobs/sha256/" + digest(data).split(":")[1]] = data
        return {"mediaType": media, "digest": digest(data), "size": len(data)}

    packed = [blob(compress(layer, o.compress), MEDIA + "layer.v1.tar" + SUFFIX[o.compress]) for layer in layers]
    manifest = {"schemaVersion": 2, "mediaType": MEDIA + "manifest.v1+json", "config": blob(conf, MEDIA + "config.v1+json"), "layers": packed}
    entry = blob(dump(manifest), MEDIA + "manifest.v1+json")
    entry["annotations"] = {"org.opencontainers.image.ref.name": o.name.rpartition(":")[2]}
    entry["platform"] = {"architecture": "amd64", "os": "linux"}
    files["index.json"] = dump({"schemaVersion": 2, "mediaType": MEDIA + "index.v1+json", "manifests": [entry]})
    return files


def write_tar(path, files):
    with tempfile.NamedTemporaryFile(dir=pathlib.Path(path).parent, delete=False) as temp, tarfile.open(fileobj=temp, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in sorted(files):
            add(tar, name, files[name])
    pathlib.Path(temp.name).chmod(0o644)
    pathlib.Path(temp.name).rename(path)


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("layers", nargs="+")
    for flag in ("--layout", "--docker", "--oci-tar", "--legacy", "--workdir", "--user", "--stop-signal"):
        p.add_argument(flag)
    for flag in ("--cmd", "--entrypoint", "--env", "--expose", "--label"):
        p.add_argument(flag, action="append", default=[])
    p.add_argument("--compress", choices=SUFFIX, default="none")
    p.add_argument("--name", default="test:latest")
    o = p.parse_args()
    layers = [pathlib.Path(layer).read_bytes() for layer in o.layers]
    diff_ids = [digest(layer) for layer in layers]
    conf = config(o, diff_ids)
    files = layout(o, layers, conf)
    if o.layout:
        shutil.rmtree(o.layout, ignore_errors=True)
        for name, data in files.items():
            path = pathlib.Path(o.layout, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    if o.oci_tar:
        write_tar(o.oci_tar, files)
    if o.docker:
        blobs = json.loads(next(d for n, d in files.items() if d[:1] == b"{" and b'"layers":' in d and b'"config":' in d and n.startswith("blobs")))
        name = lambda entry: "blobs/sha256/" + entry["digest"].split(":")[1]
        saved = [{"Config": name(blobs["config"]), "RepoTags": [o.name], "Layers": [name(layer) for layer in blobs["layers"]]}]
        write_tar(o.docker, files | {"manifest.json": dump(saved)})
    if o.legacy:
        image = digest(conf).split(":")[1]
        old = {f"{image}.json": conf}
        for number, (layer, diff_id) in enumerate(zip(layers, diff_ids)):
            directory = hashlib.sha256(f"{number} {diff_id}".encode()).hexdigest()
            old |= {f"{directory}/layer.tar": layer, f"{directory}/VERSION": b"1.0", f"{directory}/json": dump({"id": directory})}
        directories = [hashlib.sha256(f"{n} {d}".encode()).hexdigest() for n, d in enumerate(diff_ids)]
        old["manifest.json"] = dump([{"Config": f"{image}.json", "RepoTags": [o.name], "Layers": [f"{d}/layer.tar" for d in directories]}])
        repository, _, tag = o.name.rpartition(":")
        old["repositories"] = dump({repository: {tag: directories[-1]}})
        write_tar(o.legacy, old)


if __name__ == "__main__":
    main()

//! Builds archives and images for the tests, good and bad ones.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use brainworm_abi::image::Image;
use brainworm_pack::Container;
use brainworm_pack::source::{Archive, Data, Source};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// A tar archive in the making.
#[derive(Default, Clone)]
pub struct Tar(pub Vec<u8>);

impl Tar {
    pub fn new() -> Tar {
        Tar::default()
    }
    /// A member with everything given. `flag` is the type flag.
    pub fn member(mut self, flag: u8, name: &[u8], link: &[u8], mode: u32, ids: (u32, u32), data: &[u8]) -> Tar {
        let mut block = [0u8; 512];
        block[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
        block[157..157 + link.len().min(100)].copy_from_slice(&link[..link.len().min(100)]);
        let mut octal = |at: usize, len: usize, value: u64| {
            block[at..at + len].copy_from_slice(format!("{value:0width$o}\0", width = len - 1).as_bytes())
        };
        octal(100, 8, mode as u64);
        octal(108, 8, ids.0 as u64);
        octal(116, 8, ids.1 as u64);
        octal(124, 12, data.len() as u64);
        octal(136, 12, 1_600_000_000);
        octal(329, 8, 1);
        octal(337, 8, 3);
        block[156] = flag;
        block[257..265].copy_from_slice(b"ustar\x0000");
        seal(&mut block);
        self.0.extend_from_slice(&block);
        self.0.extend_from_slice(data);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }
    pub fn file(self, name: &str, data: &[u8]) -> Tar {
        self.member(b'0', name.as_bytes(), b"", 0o644, (0, 0), data)
    }
    pub fn dir(self, name: &str) -> Tar {
        self.member(b'5', name.as_bytes(), b"", 0o755, (0, 0), b"")
    }
    pub fn symlink(self, name: &str, target: &str) -> Tar {
        self.member(b'2', name.as_bytes(), target.as_bytes(), 0o777, (0, 0), b"")
    }
    pub fn hardlink(self, name: &str, target: &str) -> Tar {
        self.member(b'1', name.as_bytes(), target.as_bytes(), 0o644, (0, 0), b"")
    }
    /// A pax header for the next member.
    pub fn pax(self, records: &[(&str, &[u8])]) -> Tar {
        let mut body = Vec::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let mut len = rest + 1;
            while len != rest + len.to_string().len() {
                len += 1;
            }
            body.extend(format!("{len} {key}=").bytes());
            body.extend_from_slice(value);
            body.push(b'\n');
        }
        self.member(b'x', b"PaxHeaders/x", b"", 0o644, (0, 0), &body)
    }
    pub fn end(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }
}

/// Puts the checksum into a header.
pub fn seal(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block[..512].iter().map(|&b| b as u32).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

pub fn sha(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256:{hex}")
}

/// An OCI layout as a list of files, and what goes wrong with it on demand.
pub struct Oci {
    pub architecture: &'static str,
    pub layers: Vec<Vec<u8>>,
    /// What diff_ids are taken from, when layers are compressed.
    pub plain: Vec<Vec<u8>>,
    pub config: &'static str,
    pub wrong_digest: bool,
    pub wrong_diff_id: bool,
}

impl Oci {
    pub fn of(layers: Vec<Vec<u8>>) -> Oci {
        let config = r#"{"Entrypoint":["/bin/sh"],"Cmd":["-c","true"],"Env":["A=b"],"WorkingDir":"/srv","User":"7"}"#;
        Oci { architecture: "amd64", plain: layers.clone(), layers, config, wrong_digest: false, wrong_diff_id: false }
    }

    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = vec![("oci-layout".to_string(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec())];
        let mut blob = |bytes: &[u8], lie: bool| {
            let digest = sha(bytes);
            let mut bytes = bytes.to_vec();
            if lie {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
            let len = bytes.len();
            files.push((format!("blobs/{}", digest.replace(':', "/")), bytes));
            (digest, len)
        };
        let ids: Vec<String> =
            self.plain.iter().map(|l| format!("\"{}\"", sha(if self.wrong_diff_id { b"other" } else { l }))).collect();
        let config = format!(
            r#"{{"architecture":"{}","os":"linux","config":{},"rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#,
            self.architecture,
            self.config,
            ids.join(",")
        );
        let (config, config_len) = blob(config.as_bytes(), false);
        let layers: Vec<String> = self
            .layers
            .iter()
            .map(|l| blob(l, self.wrong_digest))
            .map(|(digest, size)| format!(r#"{{"mediaType":"x","digest":"{digest}","size":{size}}}"#))
            .collect();
        let manifest = format!(
            r#"{{"schemaVersion":2,"config":{{"digest":"{config}","size":{config_len}}},"layers":[{}]}}"#,
            layers.join(",")
        );
        let (manifest, len) = blob(manifest.as_bytes(), false);
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[
                {{"digest":"{}","size":1,"platform":{{"architecture":"unknown","os":"unknown"}}}},
                {{"digest":"{manifest}","size":{len},"platform":{{"architecture":"{}","os":"linux"}}}}]}}"#,
            sha(b"attestation"),
            self.architecture
        );
        files.push(("index.json".to_string(), index.into_bytes()));
        files
    }

    pub fn tar(&self) -> Vec<u8> {
        self.files().iter().fold(Tar::new(), |tar, (name, bytes)| tar.file(name, bytes)).end()
    }
}

/// docker save's old form: one directory a layer; equal layers are symlinks.
pub fn docker_save(layers: &[Vec<u8>], architecture: &str) -> Vec<u8> {
    let ids: Vec<String> = layers.iter().map(|l| format!("\"{}\"", sha(l))).collect();
    let config = format!(
        r#"{{"architecture":"{architecture}","os":"linux","config":{{"Cmd":["sh"]}},"rootfs":{{"diff_ids":[{}]}}}}"#,
        ids.join(",")
    );
    let names: Vec<String> = (0..layers.len()).map(|i| format!("\"{i}/layer.tar\"")).collect();
    let manifest = format!(r#"[{{"Config":"c.json","RepoTags":["x:1"],"Layers":[{}]}}]"#, names.join(","));
    let mut tar = Tar::new().file("c.json", config.as_bytes());
    for (i, layer) in layers.iter().enumerate() {
        tar = match layers.iter().position(|l| l == layer) {
            Some(first) if first < i => tar.symlink(&format!("{i}/layer.tar"), &format!("../{first}/layer.tar")),
            _ => tar.file(&format!("{i}/layer.tar"), layer),
        };
    }
    tar.file("manifest.json", manifest.as_bytes()).end()
}

/// Reads an archive that is in memory.
pub fn read(tar: &[u8]) -> brainworm_pack::Result<Container> {
    let source = Source::Archive(Archive::index(Data::Memory(tar.to_vec()))?);
    brainworm_pack::read(&source, false, 1 << 26, &mut ())
}

/// The image's listing: one line an entry, sorted: `PATH KIND MODE UID:GID SIZE-or-TARGET`.
pub fn listing(container: &Container) -> String {
    let (bytes, _) = container.pack().unwrap();
    let image = Image::open(&bytes).unwrap();
    image.verify().unwrap();
    let mut lines = Vec::new();
    let mut work = vec![(1, String::new())];
    while let Some((dir, path)) = work.pop() {
        for entry in image.entries(dir, 0).unwrap() {
            let entry = entry.unwrap();
            let inode = image.inode(entry.inode).unwrap();
            let path = format!("{path}/{}", entry.name.escape_ascii());
            assert_eq!(image.lookup(dir, entry.name), Ok(Some(entry.inode)));
            let what = match inode.kind() {
                brainworm_abi::FileKind::Directory => {
                    work.push((entry.inode, path.clone()));
                    "dir".to_string()
                }
                brainworm_abi::FileKind::Regular => {
                    format!("'{}'", image.contents(entry.inode).unwrap().escape_ascii())
                }
                brainworm_abi::FileKind::Symlink => {
                    format!("-> {}", image.readlink(entry.inode).unwrap().escape_ascii())
                }
                _ => format!("dev {:#x}", inode.rdev()),
            };
            lines.push(format!("{path} {:o} {}:{} {} {what}", inode.mode & 0o7777, inode.uid, inode.gid, inode.nlink));
        }
    }
    lines.sort();
    lines.join("\n")
}

/// A fresh directory for one test.
pub fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("brainworm-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

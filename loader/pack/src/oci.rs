//! Image manifests: the OCI layout (image-spec "Image Layout", "Image Index", "Manifest") and docker's `save` format.
//!
//! Finds the linux/amd64 image, checks every digest that is stated, and lays the layers over the tree.

use crate::decompress;
use crate::error::{Error, Place, Result};
use crate::layers::{self, ArchiveKind};
use crate::source::Source;
use crate::tree::Tree;
use crate::{Progress, config};
use brainworm_abi::image::ContainerConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256, Sha512};
use std::io::{self, Read};

/// Indexes within indexes followed.
const INDEX_DEPTH_MAX: u32 = 4;

#[derive(Deserialize, Clone, Debug)]
struct Descriptor {
    digest: String,
    size: Option<u64>,
    platform: Option<Platform>,
    #[serde(default)]
    annotations: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize, Clone, Debug)]
struct Platform {
    architecture: String,
    os: String,
}

/// An index has `manifests`, an image manifest has `config` and `layers`.
#[derive(Deserialize)]
struct Document {
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

#[derive(Deserialize)]
struct SavedImage {
    #[serde(rename = "Config")]
    config: String,
    #[serde(rename = "RepoTags")]
    tags: Option<Vec<String>>,
    #[serde(rename = "Layers")]
    layers: Vec<String>,
}

/// True when the source is an image and no root filesystem.
pub fn is_image(source: &Source) -> bool {
    let is_layout = source.has("index.json") && (source.has("oci-layout") || source.has("manifest.json"));
    is_layout || is_saved(source)
}

/// `manifest.json` with what docker writes there; a root filesystem may have a file of that name.
fn is_saved(source: &Source) -> bool {
    let document = source.document("manifest.json").ok().flatten();
    document.is_some_and(|bytes| serde_json::from_slice::<Vec<SavedImage>>(&bytes).is_ok())
}

/// Reads the image into the tree and answers its configuration.
pub fn read(
    source: &Source,
    tree: &mut Tree,
    budget: &mut u64,
    progress: &mut dyn Progress,
) -> Result<ContainerConfig> {
    if source.has("index.json") {
        let index: Document = json(source, "index.json")?;
        let manifest = select(source, index, 0)?;
        read_layout(source, manifest, tree, budget, progress)
    } else {
        read_saved(source, tree, budget, progress)
    }
}

fn read_layout(
    source: &Source,
    manifest: Document,
    tree: &mut Tree,
    budget: &mut u64,
    progress: &mut dyn Progress,
) -> Result<ContainerConfig> {
    let (Some(config), Some(layers)) = (manifest.config, manifest.layers) else {
        return Err(Error::new("the manifest is no image: it has no config or no layers"));
    };
    let (info, settings) = config::parse(&blob_document(source, &config)?)?;
    info.check_platform()?;
    if info.diff_ids.len() != layers.len() {
        return Err(Error::new(format!(
            "the manifest lists {} layers and the configuration {}: the image is damaged",
            layers.len(),
            info.diff_ids.len()
        )));
    }
    for (i, (layer, diff_id)) in layers.iter().zip(&info.diff_ids).enumerate() {
        let name = blob_path(&layer.digest)?;
        let expected = Expected { digest: Some(&layer.digest), size: layer.size, diff_id };
        let label = format!("layer {}/{}", i + 1, layers.len());
        read_layer(source, &name, expected, tree, budget, &mut |done, all| progress.step(&label, done, all))
            .at(format_args!("layer {}", layer.digest))?;
    }
    Ok(settings)
}

fn read_saved(
    source: &Source,
    tree: &mut Tree,
    budget: &mut u64,
    progress: &mut dyn Progress,
) -> Result<ContainerConfig> {
    let images: Vec<SavedImage> = json(source, "manifest.json")?;
    let tags = |image: &SavedImage| image.tags.clone().unwrap_or_default().join(", ");
    let image = match &images[..] {
        [] => return Err(Error::new("manifest.json lists no image")),
        [one] => one,
        several => return Err(several_images(several.iter().map(tags))),
    };
    let document = source.document(&image.config)?.ok_or_else(|| missing(&image.config))?;
    let (info, settings) = config::parse(&document).at(&image.config)?;
    info.check_platform()?;
    if info.diff_ids.len() != image.layers.len() {
        return Err(Error::new("manifest.json and the configuration list different layers: the image is damaged"));
    }
    for (i, (name, diff_id)) in image.layers.iter().zip(&info.diff_ids).enumerate() {
        let expected = Expected { digest: None, size: None, diff_id };
        let label = format!("layer {}/{}", i + 1, image.layers.len());
        read_layer(source, name, expected, tree, budget, &mut |done, all| progress.step(&label, done, all))
            .at(format_args!("layer {name}"))?;
    }
    Ok(settings)
}

/// The manifest of the linux/amd64 image an index leads to.
fn select(source: &Source, index: Document, depth: u32) -> Result<Document> {
    let Some(descriptors) = index.manifests else {
        return Ok(index);
    };
    if depth >= INDEX_DEPTH_MAX {
        return Err(Error::new("the index nests too deeply"));
    }
    let mut others = Vec::new();
    let mut fitting: Vec<&Descriptor> = Vec::new();
    for descriptor in &descriptors {
        match &descriptor.platform {
            // Attestations and signatures call their platform unknown.
            Some(p) if p.os == "unknown" || p.architecture == "unknown" => {}
            Some(p) if (&p.os[..], &p.architecture[..]) != ("linux", "amd64") => {
                others.push(format!("{}/{}", p.os, p.architecture));
            }
            _ if fitting.iter().any(|f| f.digest == descriptor.digest) => {}
            _ => fitting.push(descriptor),
        }
    }
    // Entries that state the platform win over ones that do not (those are told by their configuration later).
    if fitting.iter().any(|d| d.platform.is_some()) {
        fitting.retain(|d| d.platform.is_some());
    }
    let name = |d: &Descriptor| {
        let names = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
        names.iter().find_map(|key| d.annotations.get(*key)).unwrap_or(&d.digest).clone()
    };
    match &fitting[..] {
        [] if others.is_empty() => Err(Error::new("the index lists no image")),
        [] => Err(config::wrong_platform(&others.join(", "))),
        // One image for amd64, perhaps with variants (v2, v3): the first is the plainest.
        [one, rest @ ..] if rest.is_empty() || one.platform.is_some() && depth > 0 => {
            let document = blob_document(source, one)?;
            let document = serde_json::from_slice(&document)
                .map_err(|e| Error::because(format_args!("manifest {} is malformed", one.digest), e))?;
            select(source, document, depth + 1)
        }
        several => Err(several_images(several.iter().map(|d| name(d)))),
    }
}

fn several_images(names: impl Iterator<Item = String>) -> Error {
    let names: Vec<String> = names.collect();
    Error::new(format!("there are {} images inside ({}): save the one you want alone", names.len(), names.join("; ")))
}

fn missing(name: &str) -> Error {
    Error::new(format!("'{name}' is missing: the image is incomplete, save it again"))
}

fn json<T: DeserializeOwned>(source: &Source, name: &str) -> Result<T> {
    let bytes = source.document(name)?.ok_or_else(|| missing(name))?;
    serde_json::from_slice(&bytes).map_err(|e| Error::because(format_args!("{name} is malformed"), e))
}

/// Where a blob is in a layout; the digest is checked to be one, since it becomes a path.
fn blob_path(digest: &str) -> Result<String> {
    let (algorithm, hex) = digest.split_once(':').unwrap_or(("", digest));
    let len = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return Err(Error::new(format!("'{}' is no digest we know", digest.escape_default()))),
    };
    if hex.len() != len || !hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Err(Error::new(format!("'{}' is a malformed digest", digest.escape_default())));
    }
    Ok(format!("blobs/{algorithm}/{hex}"))
}

fn blob_document(source: &Source, descriptor: &Descriptor) -> Result<Vec<u8>> {
    let path = blob_path(&descriptor.digest)?;
    let bytes = source.document(&path)?.ok_or_else(|| missing(&path))?;
    let mut hash = Hash::of(&descriptor.digest)?;
    hash.update(&bytes);
    hash.check(&descriptor.digest, "its contents")?;
    Ok(bytes)
}

struct Expected<'a> {
    /// Of the layer as it is stored.
    digest: Option<&'a str>,
    size: Option<u64>,
    /// Of the uncompressed layer.
    diff_id: &'a str,
}

fn read_layer(
    source: &Source,
    name: &str,
    expected: Expected<'_>,
    tree: &mut Tree,
    budget: &mut u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<()> {
    let (part, len) = source.part(name)?.ok_or_else(|| missing(name))?;
    if let Some(size) = expected.size.filter(|&size| size != len) {
        return Err(Error::new(format!("it has {len} bytes where the manifest says {size}: the image is damaged")));
    }
    let hash = expected.digest.map(Hash::of).transpose()?;
    let mut stored = Hashing { inner: part, hash, done: 0, step: &mut |done| progress(done, len) };
    let applied = unpack(&mut stored, expected.diff_id, tree, budget);
    // A wrong digest explains any trouble there was on the way.
    io::copy(&mut stored, &mut io::sink()).at("cannot be read")?;
    if let (Some(hash), Some(digest)) = (stored.hash, expected.digest) {
        hash.check(digest, "its contents")?;
    }
    applied
}

fn unpack(stored: impl Read, diff_id: &str, tree: &mut Tree, budget: &mut u64) -> Result<()> {
    let hash = Some(Hash::of(diff_id)?);
    let mut plain = Hashing { inner: decompress::open(stored)?, hash, done: 0, step: &mut |_| () };
    let applied = layers::apply(tree, &mut plain, ArchiveKind::Layer, budget);
    let rest = io::copy(&mut plain, &mut io::sink()).at("cannot be uncompressed");
    if rest.is_ok()
        && let Some(hash) = plain.hash
    {
        hash.check(diff_id, "its uncompressed contents")?;
    }
    applied?;
    rest.map(|_| ())
}

/// Reads through, hashing what passes.
struct Hashing<'a, R> {
    inner: R,
    hash: Option<Hash>,
    done: u64,
    step: &'a mut dyn FnMut(u64),
}

impl<R: Read> Read for Hashing<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        if let Some(hash) = &mut self.hash {
            hash.update(&buf[..n]);
        }
        self.done += n as u64;
        (self.step)(self.done);
        Ok(n)
    }
}

enum Hash {
    Sha256(Sha256),
    Sha512(Box<Sha512>),
}

impl Hash {
    fn of(digest: &str) -> Result<Hash> {
        blob_path(digest)?;
        Ok(if digest.starts_with("sha512:") { Hash::Sha512(Box::default()) } else { Hash::Sha256(Sha256::default()) })
    }
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Hash::Sha256(hash) => hash.update(bytes),
            Hash::Sha512(hash) => hash.update(bytes),
        }
    }
    fn check(self, digest: &str, what: &str) -> Result<()> {
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let found = match self {
            Hash::Sha256(hash) => format!("sha256:{}", hex(&hash.finalize())),
            Hash::Sha512(hash) => format!("sha512:{}", hex(&hash.finalize())),
        };
        if found == digest {
            return Ok(());
        }
        Err(Error::new(format!(
            "the digest of {what} is {found}, not {digest}: the image is damaged, save or pull it again"
        )))
    }
}

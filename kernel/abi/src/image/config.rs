//! The container's configuration inside a packed image: records of { u8 tag, u32 length, bytes } one after the other.
//!
//! A list is its items, one record each. An unknown tag is skipped, so that a newer packer's image still boots.

use super::ImageError;
use alloc::vec::Vec;

const ENTRYPOINT: u8 = 1;
const CMD: u8 = 2;
const ENV: u8 = 3;
const WORKING_DIR: u8 = 4;
const USER: u8 = 5;
const PORT: u8 = 6;
const STOP_SIGNAL: u8 = 7;
const LABEL: u8 = 8;
const VOLUME: u8 = 9;
const HOSTNAME: u8 = 10;

/// What the image's author said about running it (the OCI image configuration's `config`). Strings are bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContainerConfig {
    /// The program and its first arguments.
    pub entrypoint: Vec<Vec<u8>>,
    /// More arguments, or the program when there is no entrypoint; what the user names replaces it.
    pub cmd: Vec<Vec<u8>>,
    /// `NAME=VALUE`.
    pub env: Vec<Vec<u8>>,
    /// Empty means `/`.
    pub working_dir: Vec<u8>,
    /// `user`, `uid`, `user:group` ...; empty means root.
    pub user: Vec<u8>,
    /// `80/tcp`.
    pub exposed_ports: Vec<Vec<u8>>,
    /// The number of the signal that stops it; 0 means SIGTERM.
    pub stop_signal: u8,
    /// (key, value), sorted by key.
    pub labels: Vec<(Vec<u8>, Vec<u8>)>,
    /// Paths meant for mounts.
    pub volumes: Vec<Vec<u8>>,
    /// The default of gethostname(2); empty means the host chooses.
    pub hostname: Vec<u8>,
}

impl ContainerConfig {
    /// The section's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let lists = [(ENTRYPOINT, &self.entrypoint), (CMD, &self.cmd), (ENV, &self.env)];
        for (tag, list) in lists.into_iter().chain([(PORT, &self.exposed_ports), (VOLUME, &self.volumes)]) {
            list.iter().for_each(|item| put(&mut out, tag, item));
        }
        for (tag, value) in [(WORKING_DIR, &self.working_dir), (USER, &self.user), (HOSTNAME, &self.hostname)] {
            if !value.is_empty() {
                put(&mut out, tag, value);
            }
        }
        if self.stop_signal != 0 {
            put(&mut out, STOP_SIGNAL, &[self.stop_signal]);
        }
        for (key, value) in &self.labels {
            let mut label = (key.len() as u32).to_le_bytes().to_vec();
            label.extend_from_slice(key);
            label.extend_from_slice(value);
            put(&mut out, LABEL, &label);
        }
        out
    }

    pub(super) fn decode(mut bytes: &[u8]) -> Result<ContainerConfig, ImageError> {
        let mut config = ContainerConfig::default();
        while !bytes.is_empty() {
            let (tag, value);
            (tag, value, bytes) = take(bytes).ok_or(ImageError::Corrupt("the configuration is cut short"))?;
            match tag {
                ENTRYPOINT => config.entrypoint.push(value.to_vec()),
                CMD => config.cmd.push(value.to_vec()),
                ENV => config.env.push(value.to_vec()),
                PORT => config.exposed_ports.push(value.to_vec()),
                VOLUME => config.volumes.push(value.to_vec()),
                WORKING_DIR => config.working_dir = value.to_vec(),
                USER => config.user = value.to_vec(),
                HOSTNAME => config.hostname = value.to_vec(),
                STOP_SIGNAL => config.stop_signal = value.first().copied().unwrap_or(0),
                LABEL => {
                    let (key, value) = split_label(value).ok_or(ImageError::Corrupt("a label is cut short"))?;
                    config.labels.push((key.to_vec(), value.to_vec()));
                }
                _ => {}
            }
        }
        Ok(config)
    }
}

fn put(out: &mut Vec<u8>, tag: u8, value: &[u8]) {
    out.push(tag);
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
}

fn take(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    Some((tag, value, rest))
}

fn split_label(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_configuration_survives_and_a_cut_one_is_refused() {
        let config = ContainerConfig {
            entrypoint: vec![b"/init".to_vec(), b"".to_vec()],
            cmd: vec![b"-c".to_vec(), b"\xff".to_vec()],
            env: vec![b"PATH=/bin".to_vec()],
            working_dir: b"/srv".to_vec(),
            user: b"33:33".to_vec(),
            exposed_ports: vec![b"80/tcp".to_vec()],
            stop_signal: 3,
            labels: vec![(b"k".to_vec(), b"v=w".to_vec())],
            volumes: vec![b"/data".to_vec()],
            hostname: b"box".to_vec(),
        };
        let bytes = config.encode();
        assert_eq!(ContainerConfig::decode(&bytes), Ok(config));
        let whole: Vec<usize> = (0..=bytes.len()).filter(|&n| ContainerConfig::decode(&bytes[..n]).is_ok()).collect();
        assert_eq!(whole.len(), 13, "only cuts between records read well");
        let mut unknown = vec![200, 2, 0, 0, 0, 7, 7];
        unknown.extend_from_slice(&bytes);
        assert_eq!(ContainerConfig::decode(&unknown), ContainerConfig::decode(&bytes));
    }
}

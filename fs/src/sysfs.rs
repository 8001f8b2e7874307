//! /sys: the little that runtimes look at (number of processors, transparent huge pages). One processor everywhere.

use crate::fixed::{Content, FixedInode, FixedTree, Line};
use alloc::sync::Arc;
use brainworm_abi::Timespec;

const SYSFS_MAGIC: u64 = 0x6265_6572;

const fn text(path: &'static str, text: &'static str) -> Line {
    (path, Content::Text(text))
}

/// Sorted by directory; entries of one directory are neighbours.
const LINES: &[Line] = &[
    ("block", Content::Dir),
    ("bus", Content::Dir),
    ("class/net", Content::Dir),
    ("devices/system/cpu/cpu0/cache/index0/coherency_line_size", Content::Text("64\n")),
    text("devices/system/cpu/cpu0/cache/index0/level", "1\n"),
    text("devices/system/cpu/cpu0/cache/index0/shared_cpu_list", "0\n"),
    text("devices/system/cpu/cpu0/cache/index0/shared_cpu_map", "1\n"),
    text("devices/system/cpu/cpu0/cache/index0/size", "32K\n"),
    text("devices/system/cpu/cpu0/cache/index0/type", "Data\n"),
    text("devices/system/cpu/cpu0/topology/core_cpus_list", "0\n"),
    text("devices/system/cpu/cpu0/topology/core_id", "0\n"),
    text("devices/system/cpu/cpu0/topology/core_siblings", "1\n"),
    text("devices/system/cpu/cpu0/topology/core_siblings_list", "0\n"),
    text("devices/system/cpu/cpu0/topology/package_cpus_list", "0\n"),
    text("devices/system/cpu/cpu0/topology/physical_package_id", "0\n"),
    text("devices/system/cpu/cpu0/topology/thread_siblings", "1\n"),
    text("devices/system/cpu/cpu0/topology/thread_siblings_list", "0\n"),
    text("devices/system/cpu/isolated", "\n"),
    text("devices/system/cpu/kernel_max", "0\n"),
    text("devices/system/cpu/offline", "\n"),
    text("devices/system/cpu/online", "0\n"),
    text("devices/system/cpu/possible", "0\n"),
    text("devices/system/cpu/present", "0\n"),
    text("devices/system/node/node0/cpulist", "0\n"),
    text("devices/system/node/node0/cpumap", "1\n"),
    text("devices/system/node/node0/distance", "10\n"),
    text("devices/system/node/online", "0\n"),
    text("devices/system/node/possible", "0\n"),
    ("firmware", Content::Dir),
    ("fs/cgroup", Content::Dir),
    text("kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "0\n"),
    text("kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "0\n"),
    text("kernel/mm/transparent_hugepage/defrag", "always defer defer+madvise madvise [never]\n"),
    text("kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n"),
    text("kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152\n"),
    ("module", Content::Dir),
    ("power", Content::Dir),
];

/// The root directory of /sys.
pub(crate) fn root(dev: u64, boot: Timespec) -> Arc<FixedInode> {
    FixedInode::root(FixedTree { lines: LINES, dev, magic: SYSFS_MAGIC, first_ino: 1, boot, boot_id: [0; 16] })
}

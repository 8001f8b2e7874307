# perl: files, processes, sockets, signals, threads.
cat >p.pl <<'X'
use strict; use POSIX; use Socket; use IO::Socket; use IO::Select; use File::Find; use File::Temp; use File::Copy; use File::Path; use Time::HiRes qw(usleep alarm); use Fcntl ':flock'; use threads; use List::Util; use Data::Dumper; use Storable; use Digest::SHA; use Cwd; use Sys::Hostname; use IPC::Open3; use Encode;
open my $f, '>', 'a' or die; flock $f, LOCK_EX; print $f "hi\n" for 1..100; close $f; my @l = do { open my $g, '<', 'a'; <$g> }; print scalar(@l), "\n";
my $pid = fork // die; if (!$pid) { exit 3 } waitpid $pid, 0; print $? >> 8, "\n"; print `echo back`; system 'true'; open my $p, '-|', 'seq 3'; print <$p>; close $p; open $p, '|-', 'cat'; print $p "x\n"; close $p;
$SIG{ALRM} = sub { print "alarm\n" }; alarm 0.05; select undef, undef, undef, 0.2; local $SIG{USR1} = sub { print "u\n" }; kill USR1 => $$;
my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', Proto => 'tcp', ReuseAddr => 1); my $port = $s->sockport; if (!fork) { my $c = IO::Socket::INET->new("127.0.0.1:$port"); print $c "hello\n"; exit } my $c = $s->accept; print <$c>; wait;
socketpair my $x, my $y, AF_UNIX, SOCK_STREAM, PF_UNSPEC; syswrite $x, "z"; sysread $y, my $b, 1; print "$b\n"; my $t = threads->create(sub { 42 }); print $t->join, "\n";
find(sub { }, '/etc/apt'); my ($tf) = File::Temp::tempfile(); copy 'a', 'b'; rename 'b', 'c'; unlink 'c'; mkdir 'd'; rmdir 'd'; symlink 'a', 's'; print readlink 's', "\n"; utime 0, 0, 'a'; chmod 0600, 'a'; chown 1, 1, 'a'; truncate 'a', 3; opendir my $d, '/'; readdir $d; closedir $d; my @st = stat 'a'; print getcwd, hostname, "\n"; POSIX::setsid(); umask 022; times; getpwnam 'root'; getpriority 0, 0; sleep 0; glob '/etc/*.conf'; pipe my $r, my $w; POSIX::sigprocmask(SIG_BLOCK, POSIX::SigSet->new(SIGINT)); gethostbyname 'localhost'; exec 'true';
X
perl p.pl; perl -pe 's/a/b/' -i.bak a; perl -MCPAN -e 1 </dev/null; perl -d -e 1 </dev/null

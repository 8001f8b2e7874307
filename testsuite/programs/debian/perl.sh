#!/bin/bash
# Perl: data structures, regular expressions, processes, sockets, files, sorting, formats.
cat >p.pl <<'E'
use strict; use warnings; use POSIX qw(:sys_wait_h floor); use List::Util qw(sum max shuffle reduce); use Data::Dumper;
$Data::Dumper::Sortkeys = 1; $Data::Dumper::Indent = 1; $| = 1;
my %h = (one => [1, 2, { x => 'y' }], two => 2); print Dumper(\%h);
my $text = "The quick brown fox\njumps over 12 lazy dogs and 7 cats\n";
print join(",", $text =~ /(\d+)/g), " ", scalar(() = $text =~ /o/g), "\n"; (my $t = $text) =~ s/(\w+)/\u$1/g; print $t;
print "named: $+{word}\n" if $text =~ /(?<word>b\w+)/; print join("|", map { sprintf "%03d", $_ * 2 } grep { $_ % 2 } 1 .. 9), "\n";
print sum(1 .. 100), " ", max(3, 9, 2), " ", reduce { $a * $b } 1 .. 10; print "\n"; print join(" ", sort { $b <=> $a } (10, 9, 100, 1)), "\n";
my @pids; for my $n (1 .. 5) { my $pid = fork // die; if (!$pid) { exit $n } push @pids, $pid } my $total = 0; for (@pids) { waitpid $_, 0; $total += $? >> 8 } print "children $total\n";
pipe(my $r, my $w) or die; if (!fork) { close $r; print $w "line $_\n" for 1 .. 1000; exit } close $w; my $count = 0; $count++ while <$r>; wait; print "pipe $count\n";
open my $o, '>', 'data' or die; print $o "$_ ", $_ ** 2, "\n" for 1 .. 100; close $o; open my $i, '<', 'data' or die; my $s = 0; while (<$i>) { my @f = split; $s += $f[1] } print "squares $s\n";
print `echo from shell | tr a-z A-Z`; local $SIG{ALRM} = sub { die "timeout\n" }; eval { alarm 1; select undef, undef, undef, 5; }; print "caught $@"; eval { die { code => 42 } }; print "code $@->{code}\n";
local $SIG{CHLD} = sub { while (waitpid(-1, WNOHANG) > 0) { } print "chld\n" }; if (!fork) { exit } sleep 2; $SIG{CHLD} = 'DEFAULT';
print "unicode ", length("\x{e4}\x{20ac}"), " ", sprintf("%vd", "1.22.333"), " ", pack("A3 n C", "abcd", 258, 65), " ", unpack("H*", pack("d>", 1.5)), "\n"; printf "%.10f %e %g %s\n", 1 / 3, 12345.678, 1e21, 0.1 + 0.2;
my %c; $c{length $_}++ for split ' ', $text; print join(",", map { "$_=$c{$_}" } sort { $a <=> $b } keys %c), "\n"; print "done ", floor(-3.5), " ", 7 % -3, " ", 2 ** 40, " ", 18446744073709551615, "\n"; my @a = map { [$_, ($_ * 7919) % 101] } 1 .. 50; print join(" ", map { $_->[0] } (sort { $a->[1] <=> $b->[1] } @a)[0 .. 9]), "\n";
format STDOUT =
@<<<<<< @>>>>> @##.##
"left", "right", 3.14159
.
write; print scalar reverse("abc"), ucfirst lc "HELLO", "\n"; print "sprintf: ", join(",", map { sprintf "%b", $_ } 1 .. 5), "\n"; exit 7;
E
perl p.pl; echo $?; perl -ne 'print if $. % 25 == 0' data; perl -i.bak -pe 's/^/> /' data
head -1 data data.bak; perl -MTime::HiRes=sleep -e 'sleep 0.01; print "ok\n"'
perl -e 'use threads; my @t = map { my $n = $_; threads->create(sub { $n * $n }) } 1..4; print join(" ", map { $_->join } @t), "\n"'
perl -MSocket -e 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0); syswrite $a, "hi"; sysread $b, my $x, 2; print "$x\n"'
perl -MDigest::MD5=md5_hex -MMIME::Base64 -e 'print md5_hex("abc"), " ", encode_base64("hello")'
perl -e 'kill 9, $$ if !fork; wait; print $?, "\n"'

# Hashes, strings, regular expressions, sorting and calls; the argument says how often.
use strict;
use warnings;
my ($sum, $times) = (0, $ARGV[0]);
sub hanoi { my ($n, $from, $to, $via) = @_; return $n ? hanoi($n - 1, $from, $via, $to) + 1 + hanoi($n - 1, $via, $to, $from) : 0 }
for my $turn (1 .. $times) {
    my %count;
    $count{ "w" . ($_ * $turn % 1511) } += $_ for 1 .. 7000;
    my $text = join ",", map { "$_:$count{$_}" } sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
    my $pairs = () = $text =~ /w(\d)(\d)\d*:\d*\2\1/g;
    (my $turned = $text) =~ s/(\w+):(\d+)/$2:$1/g;
    my @fields = split /,/, $turned;
    $sum += $pairs + length($turned) + hanoi(10, 1, 2, 3) + @fields;
    $sum += unpack("%32C*", substr $turned, $_ * 11, 40) for 0 .. 600;
}
print "perl $sum\n";

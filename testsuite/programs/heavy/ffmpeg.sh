#!/bin/sh
# ffmpeg: x264 and others encode with their assembly on; every byte is what the real processor makes.
q="ffmpeg -hide_banner -loglevel error -nostdin -cpucount 1"; exact="-flags +bitexact -fflags +bitexact -sws_flags +accurate_rnd+bitexact"
$q -f lavfi -i testsrc2=size=320x240:rate=25:duration=1 -pix_fmt yuv420p $exact -f rawvideo raw.yuv; md5sum raw.yuv
raw="-f rawvideo -pix_fmt yuv420p -s 320x240 -r 25 -i raw.yuv -threads 1"
$q $raw -c:v libx264 -preset medium $exact a.h264; md5sum a.h264
$q $raw -c:v libx264 -preset ultrafast -qp 0 $exact b.h264; md5sum b.h264; $q -i b.h264 $exact -f rawvideo - | cmp - raw.yuv && echo lossless
$q $raw -c:v libx264 -preset slower -frames:v 5 $exact c.h264; md5sum c.h264; $q -i a.h264 $exact -f rawvideo - | md5sum
$q $raw -c:v mpeg4 -q:v 4 $exact -f m4v - | md5sum; $q $raw -c:v mjpeg -q:v 3 $exact -f mjpeg - | md5sum; $q $raw -c:v ffv1 $exact -f nut - | md5sum
$q $raw -vf scale=160:120,hflip,unsharp,format=gray $exact -f rawvideo - | md5sum
$q -f lavfi -i sine=frequency=440:duration=2 $exact -c:a flac -f flac - | md5sum; $q -f lavfi -i sine=frequency=440:duration=1 $exact -c:a pcm_s16le -ar 22050 -f s16le - | wc -c

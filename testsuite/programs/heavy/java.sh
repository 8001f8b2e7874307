#!/bin/sh
# OpenJDK 17: one program by its interpreter, by C1 and by C2, with exceptions that signals make, threads and collection.
cat >T.java <<'E'
import java.util.*; import java.util.concurrent.*; import java.util.stream.*;
public class T {
    static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
    interface S { double area(); } record C(double r) implements S { public double area() { return Math.PI * r * r; } } record R(double a, double b) implements S { public double area() { return a * b; } }
    public static void main(String[] args) throws Exception {
        System.out.println(fib(24));
        int h = 0; for (int i = 0; i < 1000000; i++) h = h * 31 + Integer.rotateLeft(i, 7); System.out.println(h);
        double x = 0; for (int i = 1; i < 200000; i++) x += Math.sqrt(i) / (i % 13 + 1) + (float) i * 0.25f; System.out.println(x);
        long[] v = new long[5000]; for (int r = 0; r < 20; r++) for (int i = 0; i < v.length; i++) v[i] += (long) i * r ^ v[(i * 7 + r) % v.length]; System.out.println(Arrays.hashCode(v));
        S[] shapes = new S[1000]; for (int i = 0; i < 1000; i++) shapes[i] = i % 3 == 0 ? new C(i) : new R(i, 2); double area = 0; for (int r = 0; r < 30; r++) for (S s : shapes) area += s.area(); System.out.printf("%.3f%n", area);
        int nulls = 0, div = 0, index = 0; String[] names = new String[10]; for (int i = 0; i < 3000; i++) { try { names[i % 10].length(); } catch (NullPointerException e) { nulls++; } try { h = 1 / (i % 2); } catch (ArithmeticException e) { div++; } try { names[i % 20] = null; } catch (ArrayIndexOutOfBoundsException e) { index++; } } System.out.println(nulls + " " + div + " " + index);
        System.out.println(IntStream.range(0, 20000).mapToObj(Integer::toString).collect(Collectors.groupingBy(String::length, Collectors.counting())));
        StringBuilder b = new StringBuilder(); for (int i = 0; i < 20000; i++) b.append((char) ('a' + i % 26)); System.out.println(b.toString().hashCode());
        ExecutorService pool = Executors.newFixedThreadPool(4); List<Future<Long>> all = new ArrayList<>(); for (int k = 0; k < 8; k++) { final int n = k; all.add(pool.submit(() -> { long t = 0; for (int i = 0; i < 50000; i++) t += i % (n + 1); return t; })); } for (Future<Long> f : all) System.out.print(f.get() + " "); System.out.println(); pool.shutdown();
        List<byte[]> keep = new ArrayList<>(); for (int i = 0; i < 2000; i++) { byte[] a = new byte[10000]; a[i % 10000] = 1; if (i % 100 == 0) keep.add(a); } System.gc(); System.out.println(keep.size());
        try { deep(0); } catch (StackOverflowError e) { System.out.println("deep"); }
        System.out.println(new java.math.BigInteger("123456789").pow(60).mod(java.math.BigInteger.valueOf(1000000007)));
    }
    static int deep(int n) { return deep(n + 1) + 1; }
}
E
javac T.java; java -Xint T >a; echo $?; cat a
now="-Xcomp -XX:CompileCommand=quiet -XX:CompileCommand=compileonly,T*.*"
for flags in -XX:TieredStopAtLevel=1 -XX:-TieredCompilation "$now" -XX:+UseSerialGC; do java $flags T >b; echo $?; cmp a b && echo "$flags same"; done

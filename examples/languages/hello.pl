# Perl.
print "hello from perl\n";

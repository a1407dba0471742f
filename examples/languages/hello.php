<?php
// PHP, by its command line.
echo "hello from php\n";

# Ruby.
puts "hello from ruby"

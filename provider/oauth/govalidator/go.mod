// This module stands in for github.com/asaskevich/govalidator, of which fosite
// needs one function and which would otherwise compile 50 regular expressions
// and 950 kB of tables at each start.
module github.com/asaskevich/govalidator

go 1.26

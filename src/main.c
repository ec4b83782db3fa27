#include "base/house.h"
int main(void) { return 0; }
